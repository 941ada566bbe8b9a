export * from "@countersign/page/dom";
