import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { documentSteps, yamlDocuments } from './yaml-documents.ts'

describe('yamlDocuments', () => {
  it('reads YAML 1.1 as Kubernetes does, and leaves out empty documents', () => {
    expect(yamlDocuments('a: yes\nb: 0777\nc: "yes"\n---\n# nothing\n---\n{"d": 1}', 'x')).toEqual([
      { a: true, b: 511, c: 'yes' },
      { d: 1 },
    ])
    expect(yamlDocuments('', 'x')).toEqual([])
  })

  it.each([
    ['a text in quotes without an end', 'token: "hunter2', /missing/],
    ['a bad escape', 'token: "\\hunter2"', /escape/],
    ['a tag', 'token: !hunter2 x', /Unresolved tag/],
    ['an alias', 'token: *hunter2', /Malformed anchor or alias|an alias without an anchor/],
    ['a directive', '%hunter2\n---\na: 1', /directive/],
    ['the header of a block', 'token: |hunter2\n  x', /unexpected/],
    ['a repeated key', 'hunter2: 1\nhunter2: 2', /unique at line 2, column 1/],
    ['a text that goes on', 'token: "x" hunter2', /unexpected|missing/i],
    ['a text behind a bracket', 'a: {b: c} hunter2', /unexpected|missing/i],
    ['a number that is none', 'token: !!int hunter2', /tag/],
    ['keys on one line', 'token: hunter2: x', /line/],
    ['a bad character', 'token: @hunter2', /start/],
    ['an ordered map', 'a: !!omap [hunter2: 1, hunter2: 2]', /tag/],
  ])('tells where %s is wrong, and nothing of the text', (_, text, expected) => {
    let caught: unknown
    try {
      yamlDocuments(text, 'file.yaml')
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(ConfigurationError)
    expect(String(caught)).toMatch(/file\.yaml: /)
    expect(String(caught)).toMatch(expected)
    expect(String(caught)).not.toContain('unter2')
    expect((caught as Error).cause).toBeUndefined()
  })
})

describe('a YAML text', () => {
  const spaces = (count: number): string => ' '.repeat(count)

  it.each<[string, (depth: number) => string]>([
    ['brackets', (depth) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`],
    ['braces', (depth) => `a: ${'{a: '.repeat(depth)}b${'}'.repeat(depth)}`],
    ['brackets and braces', (depth) => `a: ${'[{a: '.repeat(depth / 2)}${'['.repeat(depth % 2)}`],
    ['sequences on one line', (depth) => `${'- '.repeat(depth)}x`],
    ['keys on one line', (depth) => `${'? '.repeat(depth)}x`],
    ['indentation', (depth) => `a:\n${spaces(2 * depth)}b`],
  ])('may nest 100 levels deep by %s, and no deeper', (_, nested) => {
    const tooDeep = 'file.yaml: must not be nested more than 100 levels deep'
    expect(messageOf(nested(100))).not.toBe(tooDeep)
    expect(messageOf(nested(101))).toBe(tooDeep)
  })

  it('may have few aliases if it is long, and many if it is short', () => {
    const text = (aliases: number, length: number): string =>
      `a: &a x\n${Array.from({ length: aliases }, (_, index) => `b${index}: &b${index} y\nc${index}: *b${index}\n`).join('')}#${spaces(length)}`
    const tooMany = 'file.yaml: Too many alias expansions, or an alias without an anchor'
    expect(messageOf(text(1000, 0))).toBe('')
    expect(messageOf(text(50, 900_000))).toBe('')
    expect(messageOf(text(60, 900_000))).toBe(tooMany)
    const spent = cpuSecondsOf(() => expect(messageOf(text(20_000, 0))).toBe(tooMany))
    expect(spent).toBeLessThan(2)
  })

  it('may have any number of brackets beside each other', () => {
    expect(yamlDocuments(`a: [${'[], {}, '.repeat(300)}]`, 'x')).toEqual([
      { a: Array.from({ length: 600 }, (_, index) => (index % 2 === 0 ? [] : {})) },
    ])
    expect(yamlDocuments('- a\n'.repeat(300), 'x')).toEqual([Array.from({ length: 300 }, () => 'a')])
  })

  function messageOf(text: string): string {
    try {
      yamlDocuments(text, 'file.yaml')
      return ''
    } catch (error) {
      return error instanceof ConfigurationError ? error.message : String(error)
    }
  }
})

describe('documentSteps', () => {
  const LIMITS = { maxLength: 10_000, maxDocumentLength: 60 }

  function outcomeOf(parts: readonly string[], limits = LIMITS): unknown {
    const values: unknown[] = []
    try {
      for (const found of documentSteps(parts, 'file.yaml', limits))
        if (found !== undefined) values.push(found.value)
      return values
    } catch (error) {
      return error instanceof ConfigurationError ? error.message : error
    }
  }

  it('has a document before the next one is read', () => {
    const steps = documentSteps(['a: 1\n---\nb: !c d\n---\nc: ['], 'file.yaml', LIMITS)
    const found: unknown[] = []
    expect(() => {
      for (const each of steps) if (each !== undefined) found.push(each.value)
    }).toThrow('file.yaml: Unresolved tag')
    expect(found).toEqual([{ a: 1 }])
  })

  it('reads a text in parts as the whole text, and refuses it with the same message', () => {
    const line = fc.constantFrom(
      'a: 1\n',
      'b: [c, "d\\x41"]\n',
      '{"a": 1}\n',
      '---\n',
      '--- e\n',
      '# f\n',
      'a: [\n',
      '...\n',
      'g: *h\n',
      `i: "${'\\x41'.repeat(20)}"\n`,
      '\r\n',
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = lines.join('')
        expect(outcomeOf(text.split(/(?<=\n)(?=---)/))).toEqual(outcomeOf([text]))
      }),
      { numRuns: 1000 },
    )
  })

  it('reports a syntax error rather than too many aliases in an earlier document', () => {
    const aliases = `a: &a [x, x]\nb: [${Array.from({ length: 200 }, () => '*a').join(', ')}]\n`
    const limits = { maxLength: 10_000, maxDocumentLength: 10_000 }
    expect(outcomeOf([aliases], limits)).toMatch(/Too many alias expansions/)
    expect(outcomeOf([`${aliases}---\nc: [\n`], limits)).not.toMatch(/alias/)
    expect(outcomeOf([`${aliases}---\nc: 1\n`], limits)).toMatch(/Too many alias expansions/)
  })

  it('does not put parts together that are too long to be one document', () => {
    const parts = ['a: 1\r\n', ...Array.from({ length: 10 }, () => '---\nb: 1\n')]
    expect(outcomeOf(parts)).toMatch(/^file\.yaml: the document at line 1 must be at most 60 characters/)
    expect(outcomeOf(parts, { maxLength: 10_000, maxDocumentLength: 200 })).toHaveLength(11)
  })

  it('adds up the length of all parts', () => {
    const parts = ['a: 1\n', '---\nb: 1\n']
    expect(outcomeOf(parts, { maxLength: 14, maxDocumentLength: 14 })).toEqual([{ a: 1 }, { b: 1 }])
    expect(outcomeOf(parts, { maxLength: 13, maxDocumentLength: 13 })).toBe(
      'file.yaml: must be at most 13 characters',
    )
  })
})
