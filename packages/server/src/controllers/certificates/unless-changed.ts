import { isStatusError } from '@kube-authn/core/internal'

/** Ignores that the object is another one now, or is gone: the controller is shown the change. */
export async function unlessChanged(write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (thrown) {
    if (!isStatusError(thrown) || (thrown.status !== 404 && thrown.status !== 409)) throw thrown
  }
}
