import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

const load: (id: string) => unknown = createRequire(import.meta.url)

/** The parser of yaml, which is loaded for the first text that needs it. */
export function yamlParser(): Pick<typeof Yaml, 'Lexer' | 'parseAllDocuments'> {
  return load('yaml') as typeof Yaml
}
