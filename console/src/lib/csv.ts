// Lists as CSV files that spreadsheets open: with a byte order mark, and without formulas.

export type Cell = string | number | boolean | null | undefined;

/** A cell that a spreadsheet would take for a formula gets an apostrophe in front. */
export function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  let text = String(value);
  const number = typeof value === "number" || /^[+-]?\d+([.]\d+)?$/.test(text);
  if (!number && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(headings: string[], rows: Cell[][]): string {
  return [headings, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
