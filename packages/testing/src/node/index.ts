export type { ContractMiddleware, ContractRequest, ContractSetup } from './adapter-contract/contract.ts'
export { adapterContract } from './adapter-contract/index.ts'
export { listen, type ListeningService, type ListenOptions } from './listen.ts'
