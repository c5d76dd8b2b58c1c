import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import { getUser } from './accessors.ts'
import { messagesOf } from './messages.ts'

/**
 * Decorates a parameter of a controller's method: it gets the user of the request, a `UserInfo`. The request fails where {@link getUser} throws.
 *
 * @example
 * @Get()
 * hello(@User() user: UserInfo): string {
 *   return `Hello ${user.username}`
 * }
 */
export function User(): ParameterDecorator {
  return createParamDecorator((_data: unknown, context: ExecutionContext) =>
    getUser(messagesOf(context).shown),
  )()
}
