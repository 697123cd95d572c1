export const HOUSE_ERRORS = {} as const;
