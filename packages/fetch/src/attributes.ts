import type { Awaitable } from '@kube-authn/core'
import type { RequestAttributes } from '@kube-authn/core/authorization'

/** An option that returns the attributes of a request. Some frameworks have the parameters of a path in a promise. */
export type ReadAttributes<Req extends Request, Rest extends readonly unknown[]> = (
  request: Req,
  ...rest: Rest
) => Awaitable<RequestAttributes>

/** The attributes for a decision, read in advance. An error is thrown when they are used, so that it is part of the decision. */
export async function attributesFrom<Req extends Request, Rest extends readonly unknown[]>(
  read: ReadAttributes<Req, Rest>,
  request: Req,
  rest: Rest,
): Promise<{ readonly attributes: () => RequestAttributes }> {
  try {
    const attributes = await read(request, ...rest)
    return { attributes: () => attributes }
  } catch (error) {
    return {
      attributes: () => {
        throw error
      },
    }
  }
}
