import { canonical, isObject } from '../difference.ts'
import type { ServerExplanation } from './explain-sequence.ts'
import { isSaidInOtherWords } from './explained-words.ts'

/** Refusals: their status, words and causes. */
export const explainedRefusals: readonly ServerExplanation[] = [
  {
    row: 'words of refusals',
    explains: (difference, { there }) =>
      [400, 404, 406, 413, 415, 422, 500].includes(there.status) &&
      difference.at === 'body.message' &&
      isSaidInOtherWords(difference),
  },
  {
    row: 'words of refusals',
    about: 'empty details',
    explains: ({ at, there, here }, { there: { status } }) =>
      at === 'body.details' &&
      [406, 415].includes(status) &&
      JSON.stringify(there) === '{}' &&
      here === undefined,
  },
  {
    row: 'errors of clients',
    explains: ({ at, there, here }) =>
      at === 'status' && there === 500 && Number(here) >= 400 && Number(here) < 500,
  },
  {
    row: 'repeated causes',
    explains: ({ at, there, here }) =>
      at === 'body.details.causes' &&
      Array.isArray(there) &&
      canonical(withoutRepeated(there)) === canonical(here),
  },
  {
    row: 'repeated causes',
    about: 'several errors of an empty field',
    explains: ({ at }, { there, here }) =>
      /^body\.(?:message|details\.causes)$/.test(at) &&
      there.status === 422 &&
      here.status === 422 &&
      areSomeOf(causesOf(here.body), causesOf(there.body)),
  },
  {
    row: 'long values in errors',
    explains: ({ at, there, here }) =>
      /^body\.(?:message|details\.causes\[\]\.message)$/.test(at) &&
      typeof there === 'string' &&
      typeof here === 'string' &&
      (isShortened(there, here) || isHidden(there, here)),
  },
  {
    row: 'null as an object',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' && there === 422 && here === 400 && line.body === 'null',
  },
]

function causesOf(body: unknown): readonly unknown[] {
  const details = isObject(body) ? body['details'] : undefined
  const causes = isObject(details) ? details['causes'] : undefined
  return Array.isArray(causes) ? causes : []
}

/** Whether these are some of the causes, with at least one for each field. */
function areSomeOf(some: readonly unknown[], all: readonly unknown[]): boolean {
  const texts = new Set(all.map(canonical))
  const fields = new Set(some.filter(isObject).map((each) => each['field']))
  return (
    some.length > 0 &&
    some.every((each) => texts.has(canonical(each))) &&
    all.filter(isObject).every((each) => fields.has(each['field']))
  )
}

/** Whether only the values are missing, as in the errors of secrets. */
function isHidden(there: string, here: string): boolean {
  const without = there.replaceAll(/Invalid value: "(?:[^"\\]|\\.)*": /g, 'Invalid value: ')
  return without === here || without.replace(/invalid character .*$/, 'must be JSON') === here
}

function withoutRepeated(causes: readonly unknown[]): readonly unknown[] {
  const texts = causes.map((each) => JSON.stringify(isObject(each) ? each : {}))
  return causes.filter((_, index) => texts.indexOf(texts[index] ?? '') === index)
}

/** Whether `...` without a quotation mark replaces the rest of a long value. */
function isShortened(there: string, here: string): boolean {
  const [begin = '', ...parts] = here.split('...: ')
  if (parts.length === 0 || begin.length <= 64 || !there.startsWith(begin)) return false
  let position = begin.length
  for (const part of parts) {
    const found = there.indexOf(part, position)
    if (found === -1) return false
    position = found + part.length
  }
  return position === there.length
}
