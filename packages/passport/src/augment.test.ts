import './augment.ts'
import type { Authentication, UserInfo } from '@kube-authn/core'
import type { Request } from 'express'
import { expect, expectTypeOf, it } from 'vitest'

it('types req.user and req.authInfo once the augmentation is imported', () => {
  const names = (req: Request): readonly unknown[] => {
    expectTypeOf(req.user).toExtend<UserInfo | undefined>()
    expectTypeOf(req.authInfo).toExtend<Authentication | undefined>()
    return [req.user?.username, req.authInfo?.user.username]
  }
  expect(names({} as Request)).toEqual([undefined, undefined])
})
