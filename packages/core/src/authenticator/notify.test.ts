import { expect, it } from 'vitest'
import { recorder } from '../../test/fakes.ts'
import { loggingObserver } from './notify.ts'

it.each([
  [true, undefined],
  [true, false],
  [false, false],
] as const)('an observer with a log hears of every event: observer %s, log %s', (isObserved, log) => {
  const { observer, events } = recorder()
  const event = { type: 'consulting', authenticator: 'it' } as const
  loggingObserver(isObserved ? observer : undefined, log)?.(event)
  expect(events).toEqual(isObserved ? [event] : [])
})

it('there is no observer where nothing is to be told', () => {
  expect(loggingObserver(undefined, undefined)).toBeUndefined()
  expect(loggingObserver(undefined, false)).toBeTypeOf('function')
})
