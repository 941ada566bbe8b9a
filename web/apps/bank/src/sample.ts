/** Files for those who have none at hand. */

const PROMISE = "I owe the bearer of the other half of this tally one sheep, payable at midsummer.";

export function sampleText(): File {
  return new File([`${PROMISE}\n`], "promise.txt", { type: "text/plain" });
}

export function samplePdf(): File {
  return new File([pdf("Promise", PROMISE)], "promise.pdf", { type: "application/pdf" });
}

/** A document of one page, A4, in a font that every reader has. The texts are ASCII. */
export function pdf(title: string, text: string): string {
  const content = `BT /F1 24 Tf 72 740 Td (${escaped(title)}) Tj /F1 12 Tf 0 -40 Td (${escaped(text)}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R/Lang(en)>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 4 0 R>>>>/Contents 5 0 R>>",
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    `<</Length ${content.length}>>\nstream\n${content}\nendstream`,
  ];
  let file = "%PDF-1.7\n";
  const entries = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join("")}`;
  return `${file}${table}trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${file.length}\n%%EOF\n`;
}

/** What would end a string literal [ISO 32000-1 §7.3.4.2]. */
function escaped(text: string): string {
  return text.replace(/[\\()]/g, "\\$&");
}
