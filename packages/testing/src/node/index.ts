export type {
  ContractAdapter,
  ContractAnswer,
  ContractApp,
  ContractCase,
  ContractMiddleware,
  ContractProtocol,
  ContractRequest,
  ContractSetup,
} from './adapter-contract/contract.ts'
export { adapterContract } from './adapter-contract/index.ts'
export { listen, type ListeningService, type ListenOptions } from './listen.ts'
