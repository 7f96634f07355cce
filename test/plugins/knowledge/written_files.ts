/** Small PDF and DOCX files, written for tests. */
import { TextReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";

/** A PDF of pages of lines; lines that begin with # are set larger. `encrypted`: no password is known. */
export function pdfOf(
  pages: readonly (readonly string[])[],
  { encrypted = false } = {},
): Uint8Array<ArrayBuffer> {
  const objects: string[] = [];
  const add = (body: string) => objects.push(body);
  add("<< /Type /Catalog /Pages 2 0 R >>");
  const kids = pages.map((_, i) => `${4 + 2 * i} 0 R`).join(" ");
  add(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
  pages.forEach((lines, i) => {
    const content = contentOf(lines);
    add(
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] " +
        `/Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * i} 0 R >>`,
    );
    add(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  });
  const lock = encrypted
    ? ` /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${"ab".repeat(32)}> /U <${
      "cd".repeat(32)
    }> >>`
    : "";
  let file = "%PDF-1.4\n";
  const offsets = objects.map((body, i) => {
    const at = file.length;
    file += `${i + 1} 0 obj\n${body}\nendobj\n`;
    return at;
  });
  const table = offsets.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const tail = `trailer\n<< /Size ${size} /Root 1 0 R${lock} >>\nstartxref\n${file.length}\n%%EOF`;
  return new TextEncoder().encode(
    `${file}xref\n0 ${size}\n0000000000 65535 f \n${table}${tail}`,
  );
}

function contentOf(lines: readonly string[]): string {
  let y = 790;
  return lines.map((line) => {
    const isTitle = line.startsWith("#");
    y -= line === "" ? 14 : isTitle ? 30 : 14;
    const text = line.replace(/^#+ */, "").replace(/[()\\]/g, "\\$&");
    return `BT /F1 ${isTitle ? 18 : 11} Tf 60 ${y} Td (${text}) Tj ET`;
  }).join("\n");
}

/** A Word document of paragraphs; those that begin with # are headings. */
export async function docxOf(paragraphs: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const body = paragraphs.map((text) => {
    const style = text.startsWith("#") ? '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>' : "";
    return `<w:p>${style}<w:r><w:t>${text.replace(/^# */, "")}</w:t></w:r></w:p>`;
  }).join("");
  return await zipOf({
    "[Content_Types].xml":
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels":
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/document.xml":
      `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
  });
}

/** A zip of texts by name. */
export async function zipOf(texts: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  for (const [name, text] of Object.entries(texts)) await zip.add(name, new TextReader(text));
  return await zip.close() as Uint8Array<ArrayBuffer>;
}
