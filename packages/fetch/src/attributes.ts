import type { Awaitable } from '@kube-authn/core'
import type { RequestAttributes } from '@kube-authn/core/authorization'

/** Reads the attributes of a request in advance, since some frameworks have the parameters of a path in a promise. An error is thrown when they are used. */
export async function attributesFrom(
  read: () => Awaitable<RequestAttributes>,
): Promise<() => RequestAttributes> {
  try {
    const attributes = await read()
    return () => attributes
  } catch (error) {
    return () => {
      throw error
    }
  }
}
