// What a row of the table is. A subject is measured in a process of its own.

/**
 * @typedef {'ours' | 'peer' | 'floor' | 'base'} Role
 * @typedef {{ role: Role, make: () => unknown }} Subject
 * @typedef {{
 *   name: string,
 *   kind: 'operation' | 'http' | 'value',
 *   unit: string,
 *   target?: number,
 *   status?: number,
 *   inFlight?: number,
 *   isMoreBetter?: boolean,
 *   isBaseSubtracted?: boolean,
 *   isRepeated?: boolean,
 *   subjects: Record<string, Subject>,
 * }} Row
 */

export const ours = (make) => ({ role: 'ours', make })
export const peer = (make) => ({ role: 'peer', make })
export const floor = (make) => ({ role: 'floor', make })
/** What is subtracted from the others, as a middleware that does nothing, or what they are divided by, as a bare app. */
export const base = (make) => ({ role: 'base', make })

/** Microseconds of CPU and wall time that an operation takes over the base, where there is one. */
export function operationRow(name, { target, status = 200, ...rest }, subjects) {
  return { name, kind: 'operation', unit: 'µs', target, status, ...rest, subjects }
}

/** Requests a second over HTTP, as a part of the bare app's. */
export function httpRow(name, { target }, subjects) {
  return { name, kind: 'http', unit: 'of bare', target, status: 200, isMoreBetter: true, subjects }
}

/** A number that the subject measures itself, over the base where there is one. */
export function valueRow(name, { target, unit, ...rest }, subjects) {
  return { name, kind: 'value', unit, target, ...rest, subjects }
}

/** What a subject of a row must answer. */
export function statusOf(row, subjectName) {
  return row.subjects[subjectName].role === 'base' ? 200 : row.status
}
