/** `CryptoKey` of the platform. Apps on Node.js need neither `DOM` nor `WebWorker` in the `lib` of TypeScript for it. */
export type CryptoKey = Extract<
  Awaited<ReturnType<typeof crypto.subtle.generateKey>>,
  { readonly type: string }
>
