export const POLICY_ERRORS = {} as const;
