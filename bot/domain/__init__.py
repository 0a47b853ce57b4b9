"""The values of the domain: frozen, without I/O, named by the words of the glossary."""
