import type { FastifyReply, FastifyRequest } from 'fastify'
import { expect, it, vi } from 'vitest'
import { nextUnless } from './failure.ts'

const request = {} as FastifyRequest
const reply = {} as FastifyReply
const wrong = new TypeError('an option of the app is wrong')

it('what rejects goes to the error handler of the app, and the request does not hang', async () => {
  const [refuse, next] = [vi.fn(), vi.fn()]
  nextUnless(Promise.reject(wrong), refuse, request, reply, next)
  await vi.waitFor(() => expect(next).toHaveBeenCalledExactlyOnceWith(wrong))
  expect(refuse).not.toHaveBeenCalled()
})
