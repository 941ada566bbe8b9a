/** Sentences with places to be filled in: `{name}`. */

/** The names of the places in a sentence. */
export type Places<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;

/** A sentence with its places filled in. A place that nobody fills stays as it is written. */
export function fillPlaces(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
