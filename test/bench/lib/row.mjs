// A row of the table. Each subject is measured in a separate process.

/**
 * @typedef {'ours' | 'peer' | 'base'} Role
 * @typedef {{ role: Role, make: () => unknown }} Subject
 * @typedef {{
 *   name: string,
 *   kind: 'operation' | 'http' | 'value',
 *   unit: string,
 *   target?: number | 'best peer',
 *   status?: number,
 *   inFlight?: number,
 *   isMoreBetter?: boolean,
 *   figure?: 'least' | 'median',
 *   subjects: Record<string, Subject>,
 * }} Row
 */

export const ours = (make) => ({ role: 'ours', make })
export const peer = (make) => ({ role: 'peer', make })
/** The base: subtracted from the others, such as a middleware that does nothing, or their divisor, such as a bare app. */
export const base = (make) => ({ role: 'base', make })

/**
 * Microseconds of CPU and wall time that an operation takes over the base, if there is one. The least of all samples: what else runs on the machine only adds.
 */
export function operationRow(name, { target, status = 200, ...rest } = {}, subjects) {
  return { name, kind: 'operation', unit: 'µs', figure: 'least', target, status, ...rest, subjects }
}

/** Requests per second over HTTP, relative to the bare app: the median of the rounds. */
export function httpRow(name, { target }, subjects) {
  return {
    name,
    kind: 'http',
    unit: 'of bare',
    figure: 'median',
    target,
    status: 200,
    isMoreBetter: true,
    subjects,
  }
}

/** A number that the subject measures itself, over the base if there is one. It is measured once, unless the row has a `figure` of its rounds. */
export function valueRow(name, { target, unit, ...rest }, subjects) {
  return { name, kind: 'value', unit, target, ...rest, subjects }
}

/** The status that a subject of a row must return. */
export function statusOf(row, subjectName) {
  return row.subjects[subjectName].role === 'base' ? 200 : row.status
}
