import { yamlParser } from '#yaml'
import type { Document } from 'yaml'
import { ConfigurationError } from '../errors.ts'
import { jsonDocument, MAX_DEPTH } from './json-document.ts'
import { aString, optionProblems, refuseProblems } from '../options/index.ts'
import { type YamlLimits, yamlLimitsShape } from './limits.ts'
import { syntaxMessage } from './syntax-message.ts'

const MAX_LENGTH = 1_048_576
const MAX_ALIASES = 100

/**
 * The documents of a YAML or JSON text, as Kubernetes reads it: YAML 1.1, so `yes` is true. Empty documents are left out.
 *
 * Anything doubtful is refused: repeated keys, keys that are no texts, unknown tags, aliases that multiply, too much of
 * anything. Depth is measured before the text is parsed, since the parser would go as deep as the stack does.
 *
 * Source: sigs.k8s.io/yaml `yaml.go`.
 *
 * @param source what the text is called in errors, usually a path.
 * @throws {ConfigurationError} with the line and column of everything that is wrong, and nothing of the text.
 * @example
 * const [manifest] = yamlDocuments('kind: Role', 'role.yaml')
 */
export function yamlDocuments(text: string, source: string, limits: YamlLimits = {}): readonly unknown[] {
  refuseProblems(aString(text, 'text'), optionProblems(yamlLimitsShape, limits))
  const maxLength = limits.maxLength ?? MAX_LENGTH
  if (text.length > maxLength) throw problem(source, `must be at most ${maxLength} characters`)
  const json = jsonDocument(text)
  if (json !== undefined) return [json.value]
  if (isDeep(text)) throw problem(source, `must not be nested more than ${MAX_DEPTH} levels deep`)
  const documents = yamlParser().parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: true,
    stringKeys: true,
  })
  if (!Array.isArray(documents)) return []
  const problems = documents.flatMap((document: Document) =>
    [...document.errors, ...document.warnings].map((error) => ({
      path: source,
      message: syntaxMessage(error),
    })),
  )
  if (problems.length > 0) throw new ConfigurationError(problems)
  return documents.map((document) => valueOf(document, source)).filter((value) => value !== null)
}

/**
 * The one document of a text; `undefined` when there is nothing in it.
 *
 * @param source what the text is called in errors, usually a path.
 * @throws {ConfigurationError} as {@link yamlDocuments}, and when there are several.
 * @example
 * const kubeconfig = yamlDocument(text, 'webhook.kubeconfig')
 */
export function yamlDocument(text: string, source: string, limits: YamlLimits = {}): unknown {
  const [value, ...more] = yamlDocuments(text, source, limits)
  if (more.length > 0) throw problem(source, 'must be one document')
  return value
}

function valueOf(document: Document, source: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return value ?? null
  } catch {
    throw problem(source, 'Aliases that multiply, or an alias without its anchor')
  }
}

/** Whether brackets, indentation or markers on one line could nest deeper than allowed. */
function isDeep(text: string): boolean {
  let flow = 0
  let markers = 0
  let isLineStart = true
  for (const lexeme of new (yamlParser().Lexer)().lex(text)) {
    const first = lexeme[0]
    if (first === '\n' || first === '\r') {
      markers = 0
      isLineStart = true
    } else if (first === ' ' || first === '\t') {
      if (isLineStart && flow === 0 && lexeme.length > 2 * MAX_DEPTH) return true
    } else if (lexeme === '[' || lexeme === '{') {
      if (++flow > MAX_DEPTH) return true
    } else if (lexeme === ']' || lexeme === '}') {
      flow--
    } else if (lexeme === '-' || lexeme === '?' || (lexeme === ':' && isLineStart)) {
      if (++markers > MAX_DEPTH) return true
    } else if (first !== '&' && first !== '!') {
      isLineStart = false
    }
  }
  return false
}

function problem(path: string, message: string): ConfigurationError {
  return new ConfigurationError([{ path, message }])
}
