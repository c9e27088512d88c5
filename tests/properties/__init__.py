"""What holds for every account, however odd: the fast decisions against the plain ones, and the
laws of the house.
"""
