import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../readme/documents.ts'

/** A public declaration, as the report in `.ci/api` has it. */
export interface Declared {
  /** The file of the report. */
  readonly package: string
  readonly entry: string
  readonly name: string
  readonly code: string
}

/** The declarations of all public entries. */
export function publicDeclarations(): readonly Declared[] {
  return allDeclarations().filter(({ entry }) => entry.startsWith('@'))
}

/** With the types that have no public name, such as those of options. */
export function allDeclarations(): readonly Declared[] {
  return readdirSync(join(root, '.ci/api')).flatMap((file) => declarationsOf(file))
}

function declarationsOf(file: string): readonly Declared[] {
  return readFileSync(join(root, '.ci/api', file), 'utf8')
    .split('\n== ')
    .slice(1)
    .flatMap((section) => {
      const [entry = '', ...lines] = section.split('\n')
      return lines.flatMap((line) => {
        const [, name, code] = /^([\w$]+): (.*)$/.exec(line) ?? []
        return name === undefined || code === undefined ? [] : [{ package: file, entry, name, code }]
      })
    })
}

/** Whether it is an interface or a type, and no value. */
export function isType({ code }: Declared): boolean {
  return /^(?:declare )?(?:interface|type) /.test(code)
}

/** The words of a text. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.match(/[\w$]+/g))
}
