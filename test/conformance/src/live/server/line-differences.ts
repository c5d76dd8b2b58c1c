import { canonical, type Difference, isObject } from '../difference.ts'
import type { ServerAnswer } from './recorded-line.ts'

/** How our answer differs from the recorded one: in its status; or else in headers, body, events and layout. */
export function lineDifferences(there: ServerAnswer, here: ServerAnswer): readonly Difference[] {
  if (there.status !== here.status) return [{ at: 'status', there: there.status, here: here.status }]
  return [
    ...headerDifferences(there, here),
    ...contentDifferences(there, here),
    ...(there.error === here.error ? [] : [{ at: 'end', there: there.error, here: here.error }]),
  ]
}

function headerDifferences(there: ServerAnswer, here: ServerAnswer): readonly Difference[] {
  return [...new Set([...Object.keys(there.headers), ...Object.keys(here.headers)])].flatMap((name) => {
    const [said, says] = [there.headers[name], here.headers[name]]
    return said === says ? [] : [{ at: `header ${name}`, there: said, here: says }]
  })
}

function contentDifferences(there: ServerAnswer, here: ServerAnswer): readonly Difference[] {
  if (there.omitted !== undefined || here.omitted !== undefined) return []
  if (there.events !== undefined || here.events !== undefined)
    return valueDifferences(there.events ?? [], here.events ?? [], 'events')
  if (there.body !== undefined && here.body !== undefined) {
    const found = valueDifferences(there.body, here.body, 'body')
    return there.layout === here.layout
      ? found
      : [...found, { at: 'layout', there: there.layout, here: here.layout }]
  }
  return valueDifferences(there.body ?? there.text ?? '', here.body ?? here.text ?? '', 'body')
}

/** Differences down to single values, and of all owners of fields. Elements of lists are at `[]`; objects in lists are found by their names. */
function valueDifferences(there: unknown, here: unknown, at: string): readonly Difference[] {
  if (at.endsWith('.managedFields')) return canonical(there) === canonical(here) ? [] : [{ at, there, here }]
  if (Array.isArray(there) && Array.isArray(here)) return listDifferences(there, here, at)
  if (isObject(there) && isObject(here))
    return [...new Set([...Object.keys(there), ...Object.keys(here)])].flatMap((key) =>
      valueDifferences(there[key], here[key], `${at}.${key}`),
    )
  return canonical(there) === canonical(here) ? [] : [{ at, there, here }]
}

function listDifferences(
  there: readonly unknown[],
  here: readonly unknown[],
  at: string,
): readonly Difference[] {
  if (there.length === here.length && there.every((each, index) => nameOf(each) === nameOf(here[index])))
    return there.flatMap((each, index) => valueDifferences(each, here[index], `${at}[]`))
  const names = new Set([...there, ...here].map(nameOf))
  if (names.has(undefined) || names.size < Math.max(there.length, here.length)) return [{ at, there, here }]
  const [thereNames, hereNames] = [there.map(nameOf), here.map(nameOf)]
  const order = thereNames.filter((name) => hereNames.includes(name))
  const hereOrder = hereNames.filter((name) => thereNames.includes(name))
  const differs = order.some((name, index) => name !== hereOrder[index])
  return [
    ...(differs ? [{ at: `${at} order`, there: order, here: hereOrder }] : []),
    ...[...names].flatMap((name) => {
      const one = there[thereNames.indexOf(name)]
      const other = here[hereNames.indexOf(name)]
      if (one !== undefined && other !== undefined) return valueDifferences(one, other, `${at}[]`)
      return [{ at: `${at}[]`, there: one, here: other }]
    }),
  ]
}

/** What an object is called in a list: its namespace and name, of rows and events those of their object. */
function nameOf(each: unknown): string | undefined {
  if (!isObject(each)) return undefined
  if (isObject(each['object'])) return `${String(each['type'])} ${String(nameOf(each['object']))}`
  const { metadata } = each
  return isObject(metadata) && typeof metadata['name'] === 'string'
    ? JSON.stringify([metadata['namespace'], metadata['name']])
    : undefined
}
