import { yamlParser } from '#yaml'
import type { Document } from 'yaml'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { jsonDocument, MAX_DEPTH } from './json-document.ts'
import { type ItemReader, jsonPieces } from './json-pieces.ts'
import { aString, optionProblems, type OptionsShape, refuseProblems, wholeNumber } from '../options/index.ts'
import { plainDocument } from './plain-document.ts'
import { isSplittable, lineCounter, splitDocuments, type TextParts } from './split-documents.ts'
import type { SteppedItems, Steps } from '../steps.ts'
import { syntaxMessage } from './syntax-message.ts'

const MAX_LENGTH = 1_048_576
const MAX_ALIASES = 100
/** The length of a document times its aliases: the parser looks for each anchor from the beginning. */
const MAX_SEARCHED = 50_000_000
const TOO_MANY_ALIASES = 'Too many alias expansions, or an alias without an anchor'
const CHARACTERS_IN_A_STEP = 65_536

let loaded: ReturnType<typeof yamlParser> | undefined

/** Only for what is not plain YAML. */
function parser(): ReturnType<typeof yamlParser> {
  return (loaded ??= yamlParser())
}

/** The size limits of a text. */
export interface YamlLimits {
  /** The maximum number of characters. Default 1,048,576. */
  readonly maxLength?: number
  /**
   * The maximum number of characters of a document that is not plain YAML (block mappings and sequences, words, quoted strings without
   * escapes, ASCII). A million of them block for about a second. Default: `maxLength`.
   */
  readonly maxDocumentLength?: number
}

export const yamlLimitsShape: OptionsShape<YamlLimits> = {
  maxLength: wholeNumber(1),
  maxDocumentLength: wholeNumber(1),
}

/**
 * Parses the documents of a YAML or JSON text as Kubernetes does: in YAML 1.1, so `yes` is true. Empty documents are omitted.
 *
 * Doubtful input is refused: repeated keys, keys that are not strings, unknown tags, too many alias expansions, and anything beyond the
 * limits. Depth is measured before the text is parsed, since the parser is recursive.
 *
 * Source: sigs.k8s.io/yaml `yaml.go`.
 *
 * @param source the name of the text in errors, usually a path.
 * @throws {ConfigurationError} with the line and column of all problems. The messages do not quote the text.
 */
export function yamlDocuments(text: string, source: string, limits: YamlLimits = {}): readonly unknown[] {
  refuseProblems(aString(text, 'text'), optionProblems(yamlLimitsShape, limits))
  const values: unknown[] = []
  for (const found of documentSteps([text], source, limits)) if (found !== undefined) values.push(found.value)
  return values
}

export interface YamlValue {
  readonly value: unknown
}

/**
 * The same, one document after the other, in steps of a few milliseconds, so that not all of a large text is in memory as objects. A document that is
 * not plain YAML is parsed in one step. A step throws if anything in the text is wrong, so the values count when the last step is over.
 *
 * @param parts the text, or its parts, of which the others begin with a line of `---`.
 * @param itemReader for the items of a large list in JSON ({@link jsonPieces}).
 */
export function* documentSteps(
  parts: TextParts,
  source: string,
  { maxLength = MAX_LENGTH, maxDocumentLength = maxLength }: YamlLimits,
  itemReader?: ItemReader,
): SteppedItems<YamlValue> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length > maxLength) throw problem(source, `must be at most ${maxLength} characters`)
  // A text with a line of dashes is not JSON.
  const [only = ''] = parts
  const json = parts.length > 1 ? undefined : yield* jsonIn(only, maxDocumentLength, itemReader)
  if (json !== undefined) {
    yield json
    return
  }
  const isSplit = yield* isSplittable(parts)
  if (!isSplit && parts.length > 1 && length > maxDocumentLength) throw tooLong(source, 0, maxDocumentLength)
  const documents = isSplit ? splitDocuments(parts) : [{ text: parts.join(''), start: 0 }]
  let isPart = false
  const complex = new ComplexDocuments(source)
  const linesBefore = lineCounter(parts)
  let nextStep = CHARACTERS_IN_A_STEP
  for (const document of documents) {
    if (document === undefined) {
      yield
      continue
    }
    const { text, start } = document
    if (start >= nextStep) {
      nextStep = start + CHARACTERS_IN_A_STEP
      yield
    }
    isPart ||= text.length < length
    const value =
      (yield* jsonIn(text, maxDocumentLength, itemReader)) ?? plainValue(yield* plainDocument(text))
    if (value !== undefined) {
      yield value
      continue
    }
    if (text.length > maxDocumentLength) throw tooLong(source, yield* linesBefore(start), maxDocumentLength)
    yield* complex.read(text, yield* linesBefore(start))
    yield
  }
  // Parsed as a whole, the same error may have a different message after an invalid document.
  complex.throwIfAny(isPart && length <= maxDocumentLength ? parts : [])
}

function plainValue(value: object | undefined): YamlValue | undefined {
  return value && { value }
}

/** Documents that only the YAML parser can read, and their problems. */
class ComplexDocuments {
  readonly #source: string
  readonly #problems: ConfigurationProblem[] = []
  #hasTooManyAliases = false

  constructor(source: string) {
    this.#source = source
  }

  *read(text: string, linesBefore: number): Generator<YamlValue, void, undefined> {
    const refusal = costProblem(text)
    if (refusal !== undefined) throw problem(this.#source, refusal)
    for (const parsed of parsedDocuments(text)) {
      this.#problems.push(...problemsIn(parsed, this.#source, linesBefore))
      const value = this.#problems.length === 0 ? this.#valueOf(parsed) : null
      if (value !== null) yield { value }
    }
  }

  #valueOf(document: Document): unknown {
    try {
      const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
      return value ?? null
    } catch {
      this.#hasTooManyAliases = true
      return null
    }
  }

  /** @param whole the text that the documents are parts of, if its problems are to be reported instead of theirs. */
  throwIfAny(whole: TextParts): void {
    if (this.#problems.length > 0) {
      const ofAll = parsedDocuments(whole.join('')).flatMap((parsed) => problemsIn(parsed, this.#source, 0))
      throw new ConfigurationError(ofAll.length > 0 ? ofAll : this.#problems)
    }
    if (this.#hasTooManyAliases) throw problem(this.#source, TOO_MANY_ALIASES)
  }
}

/** Parses JSON, in steps if the text is large. */
function* jsonIn(
  text: string,
  maxLength: number,
  itemReader: ItemReader | undefined,
): Steps<YamlValue | undefined> {
  return text.length > Math.min(maxLength, MAX_LENGTH)
    ? yield* jsonPieces(text, itemReader)
    : jsonDocument(text)
}

function problemsIn(
  { errors, warnings }: Document,
  path: string,
  linesBefore: number,
): readonly ConfigurationProblem[] {
  return [...errors, ...warnings].map((error) => ({ path, message: syntaxMessage(error, linesBefore) }))
}

function parsedDocuments(text: string): readonly Document[] {
  const documents = parser().parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: true,
    stringKeys: true,
  })
  return Array.isArray(documents) ? documents : []
}

function tooLong(source: string, linesBefore: number, max: number): ConfigurationError {
  return problem(
    source,
    `the document at line ${linesBefore + 1} must be at most ${max} characters because it is neither JSON nor plain YAML ` +
      '(block mappings and sequences, words, quoted strings without escapes, ASCII)',
  )
}

/**
 * Parses a text with one document; `undefined` if the text is empty.
 *
 * @param source the name of the text in errors, usually a path.
 * @throws {ConfigurationError} as {@link yamlDocuments}, and when there are several documents.
 */
export function yamlDocument(text: string, source: string, limits: YamlLimits = {}): unknown {
  const [value, ...more] = yamlDocuments(text, source, limits)
  if (more.length > 0) throw problem(source, 'must be one document')
  return value
}

/** Why a document would cost too much to parse: brackets, indentation or markers on one line could nest too deep, or each of many aliases is searched in a long text. */
function costProblem(text: string): string | undefined {
  const tooDeep = `must not be nested more than ${MAX_DEPTH} levels deep`
  let flow = 0
  let markers = 0
  let aliases = 0
  let isLineStart = true
  for (const lexeme of new (parser().Lexer)().lex(text)) {
    const first = lexeme[0]
    if (first === '*' && ++aliases * text.length > MAX_SEARCHED) return TOO_MANY_ALIASES
    if (first === '\n' || first === '\r') {
      markers = 0
      isLineStart = true
    } else if (first === ' ' || first === '\t') {
      if (isLineStart && flow === 0 && lexeme.length > 2 * MAX_DEPTH) return tooDeep
    } else if (lexeme === '[' || lexeme === '{') {
      if (++flow > MAX_DEPTH) return tooDeep
    } else if (lexeme === ']' || lexeme === '}') {
      flow--
    } else if (lexeme === '-' || lexeme === '?' || (lexeme === ':' && isLineStart)) {
      if (++markers > MAX_DEPTH) return tooDeep
    } else if (first !== '&' && first !== '!') {
      isLineStart = false
    }
  }
  return undefined
}

function problem(path: string, message: string): ConfigurationError {
  return new ConfigurationError([{ path, message }])
}
