/** A part of a text that is a document by itself, and how many lines come before it. */
export interface DocumentText {
  readonly text: string
  readonly linesBefore: number
}

/**
 * The documents of a stream that has nothing between them but lines of `---`; everything in one, where there is more to them: directives,
 * ends of documents, or something behind the dashes.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  if (/^(?:%|\.\.\.|---[^\n])/m.test(text) || text.includes('\r')) return [{ text, linesBefore: 0 }]
  const documents: DocumentText[] = []
  let linesBefore = 0
  for (const [index, part] of text.split(/^---(?:\n|$)/m).entries()) {
    if (index > 0) linesBefore++
    if (part !== '') documents.push({ text: part, linesBefore })
    linesBefore += newlinesIn(part)
  }
  return documents
}

function newlinesIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}
