"""What is asked and what is answered: the catalog of metrics, the question, time, SQL, money and the run."""
