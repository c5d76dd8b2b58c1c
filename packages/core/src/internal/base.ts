/*
 * What names in `imports` of package.json stand for on Node without a bundler: one file, since finding a file takes Node half a millisecond.
 */
export { celCompiler } from './cel/on-demand.ts'
export { type CsvError, parse } from './csv/parser/on-demand.ts'
export { hmacSha256, sha256, sha256Hex } from './digest/native.ts'
export { yamlParser } from './yaml/parser/on-demand.ts'
