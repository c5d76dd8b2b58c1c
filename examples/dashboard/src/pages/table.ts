/** A table of a page, which scrolls in a region of its own if it is wider than the page. */
export interface TablePart {
  /** The name of the region for screen readers. */
  readonly label: string
  readonly caption: string
  /** Of the columns, as HTML. */
  readonly headings: readonly string[]
  /** As HTML. */
  readonly rows: string
  /** Of a table that a script fills, and shows then. */
  readonly id?: string
}

/** The HTML of a table. */
export function table({ label, caption, headings, rows, id }: TablePart): string {
  const columns = headings.map((heading) => `<th scope="col">${heading}</th>`).join('')
  return `<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table${id === undefined ? '' : ` id="${id}" hidden`}>
<caption class="hidden">${caption}</caption>
<thead><tr>${columns}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`
}
