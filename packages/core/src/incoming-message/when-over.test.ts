import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { whenOver } from './when-over.ts'

it.each([
  { what: 'an answer', events: ['finish', 'close'], told: [200] },
  { what: 'an answer on a connection that stays open', events: ['finish'], told: [200] },
  { what: 'a client who goes away', events: ['close'], told: [499] },
  { what: 'nothing yet', events: [], told: [] },
])('tells once of $what, whenever it is asked', ({ events, told }) => {
  for (const asksFirst of [true, false]) {
    const response = Object.assign(new EventEmitter(), { statusCode: 200 })
    const statuses: number[] = []
    const onceOver = whenOver(response)
    if (asksFirst) onceOver((status) => statuses.push(status))
    for (const event of events) response.emit(event)
    response.statusCode = 500
    if (!asksFirst) onceOver((status) => statuses.push(status))
    expect(statuses).toEqual(told)
  }
})
