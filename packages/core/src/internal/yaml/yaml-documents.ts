import { yamlParser } from '#yaml'
import type { Document } from 'yaml'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { jsonDocument, MAX_DEPTH } from './json-document.ts'
import { jsonPieces } from './json-pieces.ts'
import { aString, optionProblems, refuseProblems } from '../options/index.ts'
import { type YamlLimits, yamlLimitsShape } from './limits.ts'
import { plainDocument } from './plain-document.ts'
import { lineCounter, splitDocuments } from './split-documents.ts'
import { finish, type Steps } from '../steps.ts'
import { syntaxMessage } from './syntax-message.ts'

const MAX_LENGTH = 1_048_576
const MAX_ALIASES = 100
/** The length of a document times its aliases: the parser looks for each anchor from the beginning. */
const MAX_SEARCHED = 50_000_000
const TOO_MANY_ALIASES = 'Too many alias expansions, or an alias without an anchor'
const CHARACTERS_IN_A_STEP = 65_536
const DOCUMENTS_IN_A_STEP = 4096

let loaded: ReturnType<typeof yamlParser> | undefined

/** Only for what is not plain YAML. */
function parser(): ReturnType<typeof yamlParser> {
  return (loaded ??= yamlParser())
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
 * @example
 * const [manifest] = yamlDocuments('kind: Role', 'role.yaml')
 */
export function yamlDocuments(text: string, source: string, limits: YamlLimits = {}): readonly unknown[] {
  return finish(yamlDocumentSteps(text, source, limits))
}

/** The same in steps of a few milliseconds. A document that is not plain YAML is parsed in one step. */
export function yamlDocumentSteps(
  text: string,
  source: string,
  limits: YamlLimits = {},
): Steps<readonly unknown[]> {
  refuseProblems(aString(text, 'text'), optionProblems(yamlLimitsShape, limits))
  return documentSteps(text, source, limits)
}

function* documentSteps(
  text: string,
  source: string,
  { maxLength = MAX_LENGTH, maxDocumentLength = maxLength }: YamlLimits,
): Steps<readonly unknown[]> {
  if (text.length > maxLength) throw problem(source, `must be at most ${maxLength} characters`)
  const json = yield* jsonIn(text, maxDocumentLength)
  if (json !== undefined) return [json.value]
  const read: ({ readonly value: unknown } | { readonly parsed: Document })[] = []
  const problems: ConfigurationProblem[] = []
  const documents = yield* splitDocuments(text)
  const linesBefore = lineCounter(text)
  let nextStep = CHARACTERS_IN_A_STEP
  for (const document of documents) {
    if (document.start >= nextStep) {
      nextStep = document.start + CHARACTERS_IN_A_STEP
      yield
    }
    const value = (yield* jsonIn(document.text, maxDocumentLength)) ?? {
      value: yield* plainDocument(document.text),
    }
    if (value.value !== undefined) {
      read.push(value)
      continue
    }
    if (document.text.length > maxDocumentLength)
      throw tooLong(source, linesBefore(document.start), maxDocumentLength)
    const refusal = costProblem(document.text)
    if (refusal !== undefined) throw problem(source, refusal)
    for (const parsed of parsedDocuments(document.text)) {
      problems.push(...problemsIn(parsed, source, linesBefore(document.start)))
      read.push({ parsed })
    }
    yield
  }
  if (problems.length > 0) {
    // Parsed as a whole, the same error may have a different message after an invalid document.
    const isPart = documents[0]?.text !== text && text.length <= maxDocumentLength
    const ofAll = isPart ? parsedDocuments(text) : []
    const problemsOfAll = ofAll.flatMap((parsed) => problemsIn(parsed, source, 0))
    throw new ConfigurationError(problemsOfAll.length > 0 ? problemsOfAll : problems)
  }
  const values: unknown[] = []
  for (const [index, each] of read.entries()) {
    if (index % DOCUMENTS_IN_A_STEP === DOCUMENTS_IN_A_STEP - 1) yield
    const value = 'value' in each ? each.value : valueOf(each.parsed, source)
    if (value !== null) values.push(value)
  }
  return values
}

/** Parses JSON, in steps if the text is large. */
function* jsonIn(text: string, maxLength: number): Steps<{ readonly value: unknown } | undefined> {
  return text.length > Math.min(maxLength, MAX_LENGTH) ? yield* jsonPieces(text) : jsonDocument(text)
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
 * @example
 * const kubeconfig = yamlDocument(text, 'webhook.kubeconfig')
 */
export function yamlDocument(text: string, source: string, limits: YamlLimits = {}): unknown {
  refuseProblems(aString(text, 'text'), optionProblems(yamlLimitsShape, limits))
  return soleDocument(text, source, limits)
}

/** {@link yamlDocument} with arguments of known types. */
export function soleDocument(text: string, source: string, limits: YamlLimits): unknown {
  const [value, ...more] = finish(documentSteps(text, source, limits))
  if (more.length > 0) throw problem(source, 'must be one document')
  return value
}

function valueOf(document: Document, source: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return value ?? null
  } catch {
    throw problem(source, TOO_MANY_ALIASES)
  }
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
