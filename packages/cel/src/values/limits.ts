export const MIN_INT: bigint = -(2n ** 63n)
export const MAX_INT: bigint = 2n ** 63n - 1n
export const MAX_UINT: bigint = 2n ** 64n - 1n
