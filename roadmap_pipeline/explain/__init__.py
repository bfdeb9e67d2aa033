"""Answers to "why?": a published number traced to its SQL, its inputs and the runs behind it, and what would change it.

Belongs here: reading the snapshot for one question. What a number is, is said in the SQL models alone: nothing here
computes one in another way.
"""
