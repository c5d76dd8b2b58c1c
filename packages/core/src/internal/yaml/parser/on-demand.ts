import type * as Yaml from 'yaml'
import { onDemand } from '../../on-demand.ts'

const parser = onDemand('yaml', import.meta.url)

/** The parser of yaml, which is loaded with the first text that is not JSON. */
export function yamlParser(): Pick<typeof Yaml, 'Lexer' | 'parseAllDocuments'> {
  return parser() as typeof Yaml
}
