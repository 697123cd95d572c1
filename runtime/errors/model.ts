export const MODEL_ERRORS = {} as const;
