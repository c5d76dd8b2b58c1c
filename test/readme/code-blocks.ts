/** A fenced code block of a Markdown file. */
export interface CodeBlock {
  /** The first word after the fence, in lower case; `''` if there is none. */
  readonly language: string
  /** The code without its fences and their indentation. */
  readonly code: string
  /** The line number of the first line of code, from 1. */
  readonly line: number
  /** Why it is not checked, from a preceding `<!-- not checked: reason -->`; the formatter puts an empty line between them. */
  readonly notChecked?: string
}

/** The fenced code blocks of a Markdown text, in their order. Source: CommonMark 0.31, section 4.5. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const lines = markdown.split(/\r?\n/)
  const blocks: CodeBlock[] = []
  for (let index = 0; index < lines.length; index++) {
    const opening = /^(\s*)(`{3,}|~{3,})\s*([^\s`{]*)[^`]*$/.exec(lines[index] ?? '')
    if (opening === null) continue
    const [, indentation = '', fence = '', language = ''] = opening
    const start = index + 1
    index = endOf(lines, start, fence)
    const above = lines[start - 2]?.trim() === '' ? lines[start - 3] : lines[start - 2]
    const notChecked = /^\s*<!-- not checked: (.*\S) -->\s*$/.exec(above ?? '')?.[1]
    blocks.push({
      language: language.toLowerCase(),
      code: lines
        .slice(start, index)
        .map((line) => (line.startsWith(indentation) ? line.slice(indentation.length) : line.trimStart()))
        .join('\n'),
      line: start + 1,
      ...(notChecked !== undefined && { notChecked }),
    })
  }
  return blocks
}

/** The line of the closing fence: as many of the same character, or more. Without one, a block extends to the end. */
function endOf(lines: readonly string[], start: number, fence: string): number {
  const closing = new RegExp(`^\\s*${fence[0]}{${fence.length},}\\s*$`)
  const end = lines.findIndex((line, index) => index >= start && closing.test(line))
  return end === -1 ? lines.length : end
}
