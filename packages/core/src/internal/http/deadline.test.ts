import { describe, expect, it } from 'vitest'
import { fixedClock, thrownBy } from '../../../test/fakes.ts'
import { type Deadline, deadlineAfter } from './deadline.ts'

function deadline(caller?: AbortSignal): {
  readonly limit: Deadline
  readonly clock: ReturnType<typeof fixedClock>
} {
  const clock = fixedClock()
  const tooLate = (cause: unknown): Error => new Error('too late', { cause })
  return { limit: deadlineAfter({ milliseconds: 1000, clock, caller, tooLate }), clock }
}

const never = (): Promise<never> => new Promise(() => undefined)

describe('deadlineAfter', () => {
  it('hands on what the work brings in time', async () => {
    const { limit, clock } = deadline()
    expect(await limit.race(async () => 'done')).toBe('done')
    expect(limit.remainingMs()).toBe(1000)
    expect(await thrownBy(() => limit.race(() => Promise.reject(new Error('no'))))).toEqual(new Error('no'))
    limit.end()
    expect(clock.pending).toBe(0)
    clock.advance(2000)
    expect(limit.signal.aborted).toBe(false)
  })

  it('ends work that does not listen, and tells the one that does', async () => {
    const { limit, clock } = deadline()
    let signal: AbortSignal | undefined
    const thrown = thrownBy(() =>
      limit.race((given) => {
        signal = given
        return never()
      }),
    )
    clock.advance(1000)
    expect(await thrown).toMatchObject({
      message: 'too late',
      cause: new Error('the time is up'),
    })
    expect(signal?.aborted).toBe(true)
  })

  it('ends when the caller gives up', async () => {
    const caller = new AbortController()
    const { limit } = deadline(caller.signal)
    const thrown = thrownBy(() => limit.race(never))
    caller.abort(new Error('gone'))
    expect(await thrown).toMatchObject({ message: 'too late', cause: new Error('gone') })
  })

  it('begins no work when it is over already', async () => {
    const { limit } = deadline(AbortSignal.abort())
    let isBegun = false
    const work = async (): Promise<void> => {
      isBegun = true
    }
    expect(await thrownBy(() => limit.race(work))).toMatchObject({ message: 'too late' })
    expect(isBegun).toBe(false)
  })
})
