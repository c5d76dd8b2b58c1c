import { LineCounter, parseAllDocuments } from 'yaml'

/** Deeper nesting is refused before it is parsed: the parser recurses, and a stack that overflows may end the process. */
const MAX_NESTING = 100

/**
 * The one document of a YAML or JSON text, as Kubernetes reads it: YAML 1.1, keys are strings and there once. What the parser warns
 * of is an error, aliases cannot be multiplied, and errors name the line and quote nothing.
 *
 * Source: sigs.k8s.io/yaml.
 *
 * @param file how the text is called in errors.
 * @throws {Error} when it is not one such document.
 */
export function readYaml(file: string, text: string): unknown {
  if (isNestedDeeper(text)) throw new Error(`${file}: nested more than ${MAX_NESTING} deep`)
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
  })
  const [document, ...more] = Array.isArray(documents) ? documents : []
  if (document === undefined || more.length > 0) throw new Error(`${file}: must be one document`)
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) {
    throw new Error(`${file}: line ${lines.linePos(problem.pos[0]).line}: ${problem.code}`)
  }
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch {
    throw new Error(`${file}: has aliases that cannot be followed`)
  }
}

/** By brackets and by indentation. Brackets in strings count too; a text with so many that are never closed is not missed. */
function isNestedDeeper(text: string): boolean {
  let depth = 0
  for (const bracket of text.match(/[[\]{}]/g) ?? []) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1
    if (depth < 0) depth = 0
    if (depth > MAX_NESTING) return true
  }
  return /^[ \t?:-]{201}/m.test(text)
}
