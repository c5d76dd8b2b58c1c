import './augment.ts'
import type { UserInfo } from '@kube-authn/core'
import type { Request } from 'express'
import { expect, expectTypeOf, it } from 'vitest'

it('types req.user once the augmentation is imported', () => {
  const name = (req: Request): string | undefined => {
    expectTypeOf(req.user).toExtend<UserInfo | undefined>()
    return req.user?.username
  }
  expect(name({} as Request)).toBeUndefined()
})
