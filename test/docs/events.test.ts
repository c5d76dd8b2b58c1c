import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, type TSInterfaceDeclaration } from 'oxc-parser'
import { expect, it } from 'vitest'
import { root } from '../readme/documents.ts'

const FILES = ['events.ts', 'authorization-events.ts', 'store-events.ts', 'server-events.ts']

/** The fields of every event type, in order, with a `?` if they are optional. */
function eventTypes(): Readonly<Record<string, readonly string[]>> {
  const interfaces = FILES.flatMap((file) => {
    const code = readFileSync(join(root, 'packages/core/src/authenticator', file), 'utf8')
    return parseSync(file, code).program.body.flatMap((statement) =>
      statement.type === 'ExportNamedDeclaration' && statement.declaration?.type === 'TSInterfaceDeclaration'
        ? [statement.declaration]
        : [],
    )
  })
  return Object.fromEntries(interfaces.filter(({ id }) => id.name.endsWith('Event')).map(fieldsOf))
}

function fieldsOf({ body }: TSInterfaceDeclaration): readonly [type: string, fields: readonly string[]] {
  let type = ''
  const fields = body.body.flatMap((member) => {
    if (member.type !== 'TSPropertySignature' && member.type !== 'TSMethodSignature') return []
    const name = member.key.type === 'Identifier' ? member.key.name : ''
    if (name !== 'type') return [`${name}${member.optional ? '?' : ''}`]
    const literal = member.type === 'TSPropertySignature' ? member.typeAnnotation?.typeAnnotation : undefined
    if (literal?.type === 'TSLiteralType' && literal.literal.type === 'Literal')
      type = String(literal.literal.value)
    return []
  })
  return [type, fields]
}

/** The same, from the table. */
function tableOf(page: string): Readonly<Record<string, readonly string[]>> {
  const rows = [...page.matchAll(/^\| (?:`(\w+)`)? *\| (?:`([\w?]+)`)? *\| (.*?) *\|$/gm)]
  const found: Record<string, string[]> = {}
  let fields: string[] = []
  for (const [, type, field, what = ''] of rows) {
    expect(what).not.toBe('')
    if (type !== undefined) {
      fields = []
      found[type] = fields
    }
    if (field !== undefined) fields.push(field)
  }
  return found
}

it('docs/events.md has every event and every field of the types, in their order', () => {
  const types = eventTypes()
  const table = tableOf(readFileSync(join(root, 'docs/events.md'), 'utf8'))
  expect(Object.keys(types).length).toBeGreaterThan(20)
  expect(table).toEqual(types)
})

it('the union has every event', () => {
  const code = readFileSync(join(root, 'packages/core/src/authenticator/events.ts'), 'utf8')
  const union = /export type AuthenticationEvent =([^/]*)\n\n/.exec(code)?.[1] ?? ''
  const members = union.match(/\w+Event\b/g) ?? []
  expect(members).toHaveLength(Object.keys(eventTypes()).length)
  expect(new Set(members).size).toBe(members.length)
})
