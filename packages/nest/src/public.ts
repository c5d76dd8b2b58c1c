import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common'
import { Reflector } from '@nestjs/core'

const PUBLIC = '@kube-authn/nest/public'

/**
 * Decorates a route or a controller which all guards of this package let pass unseen, for guards that apply to the whole app. It has no user, and its
 * headers are those that the client sent.
 *
 * @example
 * @Public()
 * @Get('healthz')
 * health(): string {
 *   return 'ok'
 * }
 */
export function Public(): CustomDecorator {
  return SetMetadata(PUBLIC, true)
}

/** Whether the route of a context, or its controller, is public. */
export function isPublic(context: ExecutionContext): boolean {
  const targets = [context.getHandler(), context.getClass()]
  return new Reflector().getAllAndOverride<unknown>(PUBLIC, targets) === true
}
