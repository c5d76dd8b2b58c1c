import { describe, expect, it } from 'vitest'
import { RequestState } from '../request-states.ts'
import { requestStates } from '../../internal/request-states.ts'
import { fetchRequest } from '../../request/fetch-request.ts'
import { knownRequest } from './known-request.ts'

const stateOf = (path: string): RequestState =>
  new RequestState(fetchRequest(new Request(`https://a.example${path}`)))

describe('knownRequest', () => {
  it('is the one of the adapter that has handled the request, also of one that is registered later', () => {
    const before = requestStates<RequestState>('testone/state@1')
    const [first, second, unknown] = [{ env: {} }, { env: {} }, { env: {} }]
    const one = stateOf('/one')
    before.keep(first, one)
    expect(knownRequest(first)).toBe(one.request)
    expect(knownRequest(second)).toBeUndefined()

    const later = requestStates<RequestState>('testtwo/state@1')
    const two = stateOf('/two')
    later.keep(second, two)
    expect(knownRequest(second)).toBe(two.request)
    expect(knownRequest(first)).toBe(one.request)
    expect(knownRequest(unknown)).toBeUndefined()
  })

  it.each([undefined, null, 'request', () => {}, []])('of %s there is none', (received) => {
    expect(knownRequest(received)).toBeUndefined()
  })
})
