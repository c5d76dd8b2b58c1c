import { setTimeout as delay } from 'node:timers/promises'
import { type Api, at } from './api.ts'
import type { Availability } from './availability.ts'

/** A number in a config map that is incremented, each time on the condition that it has not changed. */
export interface Counter {
  write(): Promise<void>
  read(): Promise<void>
  /** What is wrong at the end. */
  verify(): Promise<readonly string[]>
}

const MAPS = '/api/v1/namespaces/default/configmaps'
const MAP = `${MAPS}/traffic`

/** Nothing that was acknowledged may be lost, and nothing may be written twice. */
export async function counter(
  api: Api,
  goesOn: () => boolean,
  kinds: Availability,
  wrong: string[],
): Promise<Counter> {
  const metadata = { name: 'traffic', namespace: 'default' }
  await api
    .call('POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { count: '0' } })
    .catch(() => undefined)
  const first = countOf(await api.call('GET', MAP))
  let acknowledged = first
  /** Writes of which it is not known whether they were done. */
  let unknown = 0

  const increment = async (): Promise<void> => {
    const found = await api.call('GET', MAP)
    const resourceVersion = at(found, 'metadata', 'resourceVersion')
    const count = countOf(found) + 1
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, resourceVersion },
      data: { count: String(count) },
    }
    try {
      await api.call('PUT', MAP, body)
      acknowledged = Math.max(acknowledged, count)
    } catch (error) {
      unknown += 1
      throw error
    }
  }

  return {
    async write() {
      while (goesOn()) {
        const isDone = await increment().then(
          () => true,
          () => false,
        )
        kinds.note('API: writes', isDone)
        await delay(isDone ? 10 : 50)
      }
    },
    async read() {
      while (goesOn()) {
        const least = acknowledged
        const count = await api.call('GET', MAP).then(countOf, () => undefined)
        kinds.note('API: reads', count !== undefined)
        if (count !== undefined && count < least) wrong.push(`read ${count} after ${least} was acknowledged`)
        await delay(10)
      }
    },
    async verify() {
      for (;;) {
        try {
          const last = countOf(await api.call('GET', MAP))
          return last < acknowledged || last > acknowledged + unknown
            ? [`the count is ${last}, with ${acknowledged} acknowledged and ${unknown} unknown`]
            : []
        } catch {
          await delay(200)
        }
      }
    },
  }
}

function countOf(map: unknown): number {
  return Number(at(map, 'data', 'count'))
}
