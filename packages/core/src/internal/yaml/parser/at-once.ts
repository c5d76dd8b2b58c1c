import { Lexer, parseAllDocuments } from 'yaml'

/** The parser of yaml, for runtimes that cannot load it later synchronously, and for bundlers. */
export function yamlParser(): {
  readonly Lexer: typeof Lexer
  readonly parseAllDocuments: typeof parseAllDocuments
} {
  return { Lexer, parseAllDocuments }
}
