import { Lexer, parseAllDocuments } from 'yaml'

/** The parser of yaml, where it cannot be loaded later without a promise, or a bundler has it anyway. */
export function yamlParser(): {
  readonly Lexer: typeof Lexer
  readonly parseAllDocuments: typeof parseAllDocuments
} {
  return { Lexer, parseAllDocuments }
}
