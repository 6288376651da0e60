/** An executable that does nothing: what dist/braid's start-up is compared with. Touches nothing. */
export {};
