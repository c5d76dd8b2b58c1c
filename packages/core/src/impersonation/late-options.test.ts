import { expect, it } from 'vitest'
import { jane, request } from '../../test/fakes.ts'
import { alwaysAllow } from '../authorization/always.ts'
import { impersonateRequest } from './impersonate-request.ts'
import type { ImpersonateRequestOptions } from './impersonate-request-options.ts'

it('options that change after they were given change nothing, although they are read late', async () => {
  const asked = request({ headers: [['Impersonate-User', 'bob']] })
  const options: { mode: 'constrained' | 'legacy' } & ImpersonateRequestOptions = { mode: 'constrained' }
  const impersonate = impersonateRequest(alwaysAllow(), options)
  options.mode = 'legacy'
  const outcome = await impersonate(asked, jane)
  expect(outcome).toEqual(await impersonateRequest(alwaysAllow(), { mode: 'constrained' })(asked, jane))
  expect(outcome).not.toEqual(await impersonateRequest(alwaysAllow(), { mode: 'legacy' })(asked, jane))
})
