//! Every function with NULL for every argument, and the pointers that it may leave out.
