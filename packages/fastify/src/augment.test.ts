import './augment.ts'
import type { UserInfo } from '@kube-authn/core'
import type { FastifyRequest } from 'fastify'
import { expectTypeOf, it } from 'vitest'

it('types request.user once the augmentation is imported', () => {
  expectTypeOf<FastifyRequest['user']>().toEqualTypeOf<UserInfo>()
})
