import { createRequire } from 'node:module'
import type * as CsvParse from 'csv-parse/sync'
import { requirePackage } from '../../require-package.ts'

const load: (id: string) => unknown = createRequire(import.meta.url)

export type { CsvError } from 'csv-parse/sync'

/** `parse` of csv-parse, which is loaded on the first call. */
export function parse(text: string, options: CsvParse.Options): unknown {
  return (requirePackage(load, 'csv-parse/sync') as typeof CsvParse).parse(text, options)
}
