import type * as Yaml from 'yaml'
import { onDemand } from '../../on-demand.ts'

const parser = onDemand('yaml', () => import.meta.url)

/** The parser of yaml, which is loaded for the first text that needs it. */
export function yamlParser(): Pick<typeof Yaml, 'Lexer' | 'parseAllDocuments'> {
  return parser() as typeof Yaml
}
